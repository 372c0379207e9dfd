package org.apache.spark.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Estimates pi by throwing darts: SparkPi [slices]. The packages that Spark is installed from hold no
 * compiled examples; this one answers to the name, and prints the line, that people try a cluster with.
 */
public final class SparkPi {
  private SparkPi() {}

  public static void main(String[] args) {
    int slices = args.length > 0 ? Integer.parseInt(args[0]) : 2;
    int darts = (int) Math.min(100_000L * slices, Integer.MAX_VALUE);
    SparkSession spark = SparkSession.builder().appName("Spark Pi").getOrCreate();
    List<Integer> seeds = new ArrayList<>();
    for (int slice = 0; slice < slices; ++slice) {
      seeds.add(slice);
    }
    int each = darts / slices;
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    long hits = context.parallelize(seeds, slices).map(seed -> hits(seed, each)).reduce(Long::sum);
    System.out.println("Pi is roughly " + 4.0 * hits / ((double) each * slices));
    spark.stop();
  }

  private static long hits(int seed, int darts) {
    SplittableRandom random = new SplittableRandom(seed);
    long hits = 0;
    for (int dart = 0; dart < darts; ++dart) {
      double x = random.nextDouble() * 2 - 1;
      double y = random.nextDouble() * 2 - 1;
      if (x * x + y * y <= 1) {
        ++hits;
      }
    }
    return hits;
  }
}
