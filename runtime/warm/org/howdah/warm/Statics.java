package org.howdah.warm;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes back what the throwaway job left in static state of Spark, Hadoop and the AWS SDK. By
 * reflection: these classes are of the release that runs, not of the one that this was compiled with.
 * What has to be there and is not ends the warm driver; tests/apps/test_warm_driver.py compares what
 * a job finds with what it finds in a JVM of its own.
 */
final class Statics {
  private Statics() {}

  static void reset() throws ReflectiveOperationException {
    resetSpark();
    resetSql();
    resetHadoop();
    resetS3();
    zeroIds();
  }

  private static void resetSpark() throws ReflectiveOperationException {
    if (call(module("org.apache.spark.SparkContext"), "getActive").toString().startsWith("Some")) {
      throw new IllegalStateException("the warm-up's context has not ended");
    }
    call(module("org.apache.spark.SparkEnv"), "set", (Object) null);
    call(module("org.apache.spark.util.AccumulatorContext"), "clear");
    // Made from system properties at first use.
    forgetLazy("org.apache.spark.deploy.SparkHadoopUtil", "instance");
    forgetLazy("org.apache.spark.api.python.PythonRDD", "authHelper");
    forgetLazy("org.apache.spark.scheduler.MapStatus", "minPartitionsToUseHighlyCompressMapStatus");
    put(module("org.apache.spark.executor.Executor"), "executorSourceLocalModeOnly", null);
    ((AtomicInteger) get(module("org.apache.spark.rdd.RDDOperationScope"), "scopeCounter")).set(0);
    Object paths = get(module("org.apache.spark.util.ShutdownHookManager"), "shutdownDeletePaths");
    call(paths, "clear");
  }

  /** Of what is read from the environment once; with the job's. */
  static void readEnvironment(Job job) throws ReflectiveOperationException {
    Object utils = module("org.apache.spark.util.Utils");
    forgetLazy("org.apache.spark.util.Utils", "localIpAddress");
    put(utils, "localRootDirs", null);
    put(utils, "cachedLocalDir", "");
    Method option = Class.forName("scala.Option").getMethod("apply", Object.class);
    put(utils, "customHostname", option.invoke(null, job.environment.get("SPARK_LOCAL_HOSTNAME")));
  }

  private static void resetSql() throws ReflectiveOperationException {
    Object sessions = module("org.apache.spark.sql.SparkSession");
    call(sessions, "clearActiveSession");
    call(sessions, "clearDefaultSession");
    ((java.util.concurrent.atomic.AtomicBoolean)
            get(sessions, "org$apache$spark$sql$SparkSession$$listenerRegistered"))
        .set(false);
    call(get(module("org.apache.spark.sql.catalyst.rules.RuleExecutor"), "queryExecutionMeter"),
        "resetMetrics");
    call(module("org.apache.spark.metrics.source.HiveCatalogMetrics"), "reset");
    Object code = module("org.apache.spark.sql.catalyst.expressions.codegen.CodeGenerator");
    call(get(code, "cache"), "invalidateAll");
    call(code, "resetCompileTime");
    call(module("org.apache.spark.sql.execution.WholeStageCodegenExec"), "resetCodeGenTime");
    call(module("org.apache.spark.sql.execution.datasources.FileStatusCache"), "resetForTesting");
    // Both keep what the first configuration said.
    put("org.apache.parquet.hadoop.ParquetOutputFormat", "memoryManager", null);
    ((Map<?, ?>) get("org.apache.parquet.hadoop.CodecFactory", "CODEC_BY_NAME")).clear();
    ((Map<?, ?>)
            get(module("org.apache.spark.sql.execution.SQLExecution"), "executionIdToQueryExecution"))
        .clear();
  }

  private static void resetHadoop() throws ReflectiveOperationException {
    Class<?> files = Class.forName("org.apache.hadoop.fs.FileSystem");
    files.getMethod("closeAll").invoke(null);
    files.getMethod("clearStatistics").invoke(null);
    ((Map<?, ?>) get(files, null, "statisticsTable")).clear();
    // Found as services of the class path, which a job's jars extend.
    ((Map<?, ?>) get(files, null, "SERVICE_FILE_SYSTEMS")).clear();
    field(files, "FILE_SYSTEMS_LOADED").setBoolean(null, false);
    Object storage =
        Class.forName("org.apache.hadoop.fs.GlobalStorageStatistics").getEnumConstants()[0];
    ((Map<?, ?>) get(storage, "map")).clear();
    Method reset =
        Class.forName("org.apache.hadoop.security.UserGroupInformation").getDeclaredMethod("reset");
    reset.setAccessible(true);
    reset.invoke(null);
    Class.forName("org.apache.hadoop.metrics2.lib.DefaultMetricsSystem")
        .getMethod("shutdown")
        .invoke(null);
  }

  private static void resetS3() throws ReflectiveOperationException {
    put("org.apache.hadoop.security.ssl.DelegatingSSLSocketFactory", "instance", null);
    ((Map<?, ?>) get("org.apache.hadoop.fs.LocalDirAllocator", "contexts")).clear();
    for (String each :
        new String[] {
          "S3AInstrumentation.metricsSourceNameCounter",
          "audit.impl.AbstractOperationAuditor.SPAN_ID_COUNTER",
          "impl.ActiveOperationContext.NEXT_OPERATION_ID"
        }) {
      int dot = each.lastIndexOf('.');
      Class<?> type = loaded("org.apache.hadoop.fs.s3a." + each.substring(0, dot));
      if (type == null) {
        continue;
      }
      Field counter = field(type, each.substring(dot + 1));
      if (counter.getType() == int.class) {
        counter.setInt(null, 0);
      } else {
        ((AtomicLong) counter.get(null)).set(0);
      }
    }
    resetAws();
  }

  private static void resetAws() throws ReflectiveOperationException {
    Class<?> reaper = loaded("com.amazonaws.http.IdleConnectionReaper");
    if (reaper != null) {
      reaper.getMethod("shutdown").invoke(null);
    }
    Class<?> time = loaded("com.amazonaws.SDKGlobalTime");
    if (time != null) {
      time.getMethod("setGlobalTimeOffset", int.class).invoke(null, 0);
    }
  }

  // Numbers of accumulators, queries, plans, expressions, data sets …: they show in plans and in the UI.
  private static void zeroIds() throws ReflectiveOperationException {
    for (Class<?> type : Native.loadedClasses()) {
      String name = type.getName();
      if (!name.startsWith("org.apache.spark.") || !name.endsWith("$") || !isInitialised(type)) {
        continue;
      }
      Field self = Arrays.stream(type.getDeclaredFields())
          .filter(field -> field.getName().equals("MODULE$"))
          .findFirst()
          .orElse(null);
      if (self == null) {
        continue;
      }
      self.setAccessible(true);
      Object object = self.get(null);
      for (Field field : type.getDeclaredFields()) {
        boolean counts = field.getType() == AtomicLong.class || field.getType() == AtomicInteger.class;
        if (!counts || !field.getName().toLowerCase().contains("id")) {
          continue;
        }
        field.setAccessible(true);
        Object counter = field.get(object);
        if (counter instanceof AtomicLong) {
          ((AtomicLong) counter).set(0);
        } else if (counter instanceof AtomicInteger) {
          ((AtomicInteger) counter).set(0);
        }
      }
    }
  }

  @SuppressWarnings("deprecation")
  private static boolean isInitialised(Class<?> type) {
    return !ProcessState.UNSAFE.shouldBeInitialized(type);
  }

  private static Class<?> loaded(String name) {
    for (Class<?> type : Native.loadedClasses()) {
      if (type.getName().equals(name) && isInitialised(type)) {
        return type;
      }
    }
    return null;
  }

  // A Scala object.
  private static Object module(String name) throws ReflectiveOperationException {
    return Class.forName(name + "$").getField("MODULE$").get(null);
  }

  private static void forgetLazy(String name, String lazy) throws ReflectiveOperationException {
    Object object = module(name);
    Field value = field(object.getClass(), lazy);
    if (value.getType() == int.class) {
      value.setInt(object, 0);
    } else {
      value.set(object, null);
    }
    Field bitmap = field(object.getClass(), "bitmap$0");
    if (bitmap.getType() == boolean.class) {
      bitmap.setBoolean(object, false);
    } else {
      bitmap.setByte(object, (byte) 0);
    }
  }

  private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static Object get(Class<?> type, Object of, String name)
      throws ReflectiveOperationException {
    return field(type, name).get(of);
  }

  private static Object get(Object of, String name) throws ReflectiveOperationException {
    return get(of.getClass(), of, name);
  }

  private static void put(Object of, String name, Object value)
      throws ReflectiveOperationException {
    field(of.getClass(), name).set(of, value);
  }

  // Of a Java class; nothing when no throwaway job had it initialised.
  private static void put(String type, String name, Object value)
      throws ReflectiveOperationException {
    if (loaded(type) != null) {
      field(loaded(type), name).set(null, value);
    }
  }

  private static Object get(String type, String name) throws ReflectiveOperationException {
    return get(Class.forName(type), null, name);
  }

  private static Object call(Object of, String name, Object... arguments)
      throws ReflectiveOperationException {
    for (Class<?> type = of.getClass(); type != null; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals(name) && method.getParameterCount() == arguments.length) {
          method.setAccessible(true);
          return method.invoke(of, arguments);
        }
      }
    }
    throw new NoSuchMethodException(of.getClass().getName() + "." + name);
  }
}
