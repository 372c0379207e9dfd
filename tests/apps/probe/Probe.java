import java.lang.management.ManagementFactory;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeSet;
import javax.management.ObjectName;
import sun.misc.Unsafe;

/**
 * What a job finds in its JVM before it has done anything: `Probe OUT NAMES [LOAD]`. NAMES: classes to
 * look for; LOAD: classes to initialise first, so that a cold JVM has what a warm one has. Lines of
 * "kind name = value".
 */
public final class Probe {
  private static final Set<String> lines = new TreeSet<>();

  public static void main(String[] arguments) throws Exception {
    ClassLoader loader = ClassLoader.getSystemClassLoader();
    if (arguments.length > 2) {
      for (String name : Files.readAllLines(Path.of(arguments[2]))) {
        try {
          Class.forName(name, true, loader);
        } catch (Throwable e) {
          say("unloadable", name, e);
        }
      }
    }
    System.getProperties().forEach((key, value) -> say("property", key, value));
    System.getenv().forEach((key, value) -> say("environment", key, value));
    new ProcessBuilder().environment().forEach((key, value) -> say("child environment", key, value));
    Thread.getAllStackTraces().keySet().forEach(t -> say("thread", t.getName(), t.isDaemon()));
    try (var open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path path : open) {
        say("descriptor", path.getFileName(), target(path));
      }
    }
    say("process", "folder", target(Path.of("/proc/self/cwd")));
    say("process", "absolute file", new java.io.File("x").getAbsolutePath());
    say("process", "absolute path", Path.of("x").toAbsolutePath());
    say("process", "file", new java.io.File("here.txt").exists());
    say("process", "path", Files.exists(Path.of("here.txt")));
    say("process", "stdin", new String(System.in.readAllBytes()));
    say("process", "locale", Locale.getDefault());
    say("process", "time zone", TimeZone.getDefault().getID());
    say("process", "class loader", Thread.currentThread().getContextClassLoader().getClass());
    say("process", "thread", Thread.currentThread().getName());
    for (ObjectName name : ManagementFactory.getPlatformMBeanServer().queryNames(null, null)) {
      say("bean", name, "");
    }
    statics(loader, Path.of(arguments[1]));
    Files.write(Path.of(arguments[0]), lines);
  }

  private static void statics(ClassLoader loader, Path names) throws Exception {
    Method loaded = ClassLoader.class.getDeclaredMethod("findLoadedClass", String.class);
    loaded.setAccessible(true);
    Field self = Unsafe.class.getDeclaredField("theUnsafe");
    self.setAccessible(true);
    Unsafe unsafe = (Unsafe) self.get(null);
    for (String name : Files.readAllLines(names)) {
      Class<?> type = (Class<?>) loaded.invoke(loader, name);
      if (type == null || unsafe.shouldBeInitialized(type)) {
        continue;
      }
      say("class", name, "");
      Object module = null;
      for (Field field : fieldsOf(type)) {
        if (!Modifier.isStatic(field.getModifiers()) || !field.trySetAccessible()) {
          continue;
        }
        Object value = field.get(null);
        if (field.getName().equals("MODULE$")) {
          module = value;
        } else {
          say("static", name + "." + field.getName(), short_(value));
        }
      }
      if (module == null || module.getClass() != type) {
        continue;
      }
      for (Field field : fieldsOf(type)) {
        if (!Modifier.isStatic(field.getModifiers())) {
          field.setAccessible(true);
          say("static", name + "." + field.getName(), short_(field.get(module)));
        }
      }
    }
  }

  private static Field[] fieldsOf(Class<?> type) {
    try {
      return type.getDeclaredFields();
    } catch (Throwable e) {
      return new Field[0];
    }
  }

  // Values as they are, of everything else what it is and how much is in it.
  private static Object short_(Object value) throws Exception {
    if (value == null
        || value instanceof Number
        || value instanceof Boolean
        || value instanceof Character
        || value instanceof String
        || value instanceof java.util.concurrent.atomic.AtomicBoolean
        || value instanceof Enum) {
      return value;
    }
    if (value instanceof java.util.concurrent.atomic.AtomicReference) {
      return "reference to " + short_(((java.util.concurrent.atomic.AtomicReference<?>) value).get());
    }
    if (value.getClass().isArray()) {
      return value.getClass().getSimpleName() + " of " + Array.getLength(value);
    }
    if (value instanceof java.util.WeakHashMap) {
      return "weak map";
    }
    if (value instanceof java.util.Collection) {
      return "collection of " + ((java.util.Collection<?>) value).size();
    }
    if (value instanceof Map) {
      return "map of " + ((Map<?, ?>) value).size();
    }
    String name = value.getClass().getName();
    if (name.startsWith("scala.collection.")) {
      try {
        Method size = value.getClass().getMethod("size");
        size.setAccessible(true);
        return name + " of " + size.invoke(value);
      } catch (NoSuchMethodException e) {
        return name;
      }
    }
    return name.contains("$$Lambda") ? "lambda" : name;
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (Exception e) {
      return "gone";
    }
  }

  private static void say(String kind, Object name, Object value) {
    lines.add((kind + " " + name + " = " + value).replace("\n", "\\n"));
  }
}
