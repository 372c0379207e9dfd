package org.apache.spark.examples;

import java.util.Arrays;

import org.apache.spark.sql.SparkSession;

import scala.Tuple2;

/** Counts the words of text files: JavaWordCount PATH, e.g. s3://bucket/folder. Our own, see SparkPi. */
public final class JavaWordCount {
  private JavaWordCount() {}

  public static void main(String[] args) {
    if (args.length < 1) {
      System.err.println("usage: JavaWordCount PATH");
      System.exit(1);
    }
    SparkSession spark = SparkSession.builder().appName("JavaWordCount").getOrCreate();
    spark.read().textFile(args[0]).javaRDD()
        .flatMap(line -> Arrays.asList(line.split(" ")).iterator())
        .mapToPair(word -> new Tuple2<>(word, 1))
        .reduceByKey(Integer::sum)
        .collect()
        .forEach(pair -> System.out.println(pair._1() + ": " + pair._2()));
    spark.stop();
  }
}
