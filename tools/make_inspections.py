#!/usr/bin/env python3
"""Writes a made-up table of restaurant inspections, for the tutorial: the same rows every time.

    tools/make_inspections.py FILE [--rows 60000] [--establishments 2500] [--seed 7]

The columns are those of the food inspections that the AWS tutorial counts. Nothing in it is real.
"""
import argparse
import csv
import random

COLUMNS = ["name", "inspection_result", "inspection_closed_business", "violation_type",
           "violation_points"]
FIRST = ["Blue", "Corner", "Golden", "Green", "Happy", "Harbor", "Hidden", "Iron", "Jolly", "Lucky",
         "Maple", "Midnight", "Old", "Olive", "Pepper", "Pine", "Quiet", "Red", "River", "Rosemary",
         "Salty", "Silver", "Sunny", "Three", "Tiny", "Velvet", "Wild", "Winter"]
SECOND = ["Anchor", "Bear", "Bicycle", "Crow", "Dumpling", "Fig", "Fork", "Garden", "Goose",
          "Kettle", "Lantern", "Lemon", "Moon", "Oyster", "Pan", "Pickle", "Plate", "Pot", "Radish",
          "Salmon", "Spoon", "Table", "Teapot", "Turnip"]
KIND = ["Bakery", "Bar", "Bistro", "Burgers", "Cafe", "Deli", "Diner", "Grill", "Kitchen", "Market",
        "Noodles", "Pizza", "Tavern", "Teriyaki"]
POINTS = {"RED": [5, 5, 5, 10, 10, 25], "BLUE": [2, 3, 3, 5]}


def names(count, rng):
    every = [f"{a} {b} {c}".upper() for a in FIRST for b in SECOND for c in KIND]
    if count > len(every):
        raise SystemExit(f"make_inspections: at most {len(every)} establishments")
    return rng.sample(every, count)


def rows(count, establishments, seed):
    rng = random.Random(seed)
    chosen = names(establishments, rng)
    # A few are inspected often, most seldom; and some kitchens are worse than others.
    weights = [1 / (place + 8) for place in range(establishments)]
    care = [rng.uniform(0.1, 0.6) for _ in chosen]
    for place in rng.choices(range(establishments), weights, k=count):
        fault = ""
        if rng.random() < care[place]:
            fault = rng.choices(["RED", "BLUE"], [55, 45])[0]
        result = "Satisfactory"
        if fault:
            result = rng.choices(["Unsatisfactory", "Complete", "Incomplete"], [85, 14, 1])[0]
        points = rng.choice(POINTS[fault]) if fault else 0
        closed = "TRUE" if points >= 25 and rng.random() < 0.05 else "FALSE"
        yield [chosen[place], result, closed, fault, points]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, default=60000)
    parser.add_argument("--establishments", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with open(options.file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(options.rows, options.establishments, options.seed))


if __name__ == "__main__":
    main()
