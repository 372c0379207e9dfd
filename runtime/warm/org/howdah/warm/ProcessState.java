package org.howdah.warm;

import java.io.File;
import java.lang.reflect.Field;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.util.Map;
import sun.misc.Unsafe;

/**
 * What the JDK read from the process once and keeps: its environment and its working directory. The
 * process itself has the job's already. Through Unsafe rather than --add-opens, so that the job finds
 * no package opened that a cold start does not open.
 */
final class ProcessState {
  private ProcessState() {}

  static void become(Job job) throws ReflectiveOperationException {
    setEnvironment(job.environment);
    setFolder(job.folder);
  }

  @SuppressWarnings("unchecked")
  private static void setEnvironment(Map<String, String> wanted)
      throws ReflectiveOperationException {
    Class<?> environment = Class.forName("java.lang.ProcessEnvironment");
    Object view = getStatic(environment.getDeclaredField("theUnmodifiableEnvironment"));
    // A view of bytes as strings, inside the unmodifiable one; ProcessBuilder copies the same map.
    Class<?> unmodifiable = Class.forName("java.util.Collections$UnmodifiableMap");
    Map<String, String> strings =
        (Map<String, String>) get(view, unmodifiable.getDeclaredField("m"));
    strings.clear();
    strings.putAll(wanted);
  }

  private static void setFolder(String folder) throws ReflectiveOperationException {
    System.setProperty("user.dir", folder);
    Object files = getStatic(File.class.getDeclaredField("fs"));
    put(files, files.getClass().getDeclaredField("userDir"), folder);
    Object paths = FileSystems.getDefault();
    Class<?> type = Class.forName("sun.nio.fs.UnixFileSystem");
    byte[] bytes = folder.getBytes(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
    put(paths, type.getDeclaredField("defaultDirectory"), bytes);
    // The process is really there, so relative paths may go to the kernel as they are.
    UNSAFE.putBoolean(
        paths, UNSAFE.objectFieldOffset(type.getDeclaredField("needToResolveAgainstDefaultDirectory")), false);
  }

  private static Object getStatic(Field field) {
    return UNSAFE.getObject(UNSAFE.staticFieldBase(field), UNSAFE.staticFieldOffset(field));
  }

  private static Object get(Object of, Field field) {
    return UNSAFE.getObject(of, UNSAFE.objectFieldOffset(field));
  }

  private static void put(Object of, Field field, Object value) {
    UNSAFE.putObject(of, UNSAFE.objectFieldOffset(field), value);
  }

  static final Unsafe UNSAFE = unsafe();

  private static Unsafe unsafe() {
    try {
      Field field = Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      return (Unsafe) field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
