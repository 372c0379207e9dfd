package org.apache.spark.deploy.yarn;

import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkApplication;

/**
 * SparkSubmit looks for a class of this name before it accepts the master "yarn" at all. It is started
 * in deploy mode "cluster" only, which needs a YARN that is not here.
 */
public final class YarnClusterApplication implements SparkApplication {
  @Override
  public void start(String[] args, SparkConf conf) {
    throw new UnsupportedOperationException(
        "deploy mode cluster needs YARN, and this cluster has a primary node only: start spark-submit"
            + " from PATH, which runs such an application in client mode");
  }
}
