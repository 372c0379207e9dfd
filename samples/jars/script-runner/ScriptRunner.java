import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a script with its arguments and ends with its exit code:
 * {@code script-runner.jar SCRIPT [ARGUMENT...]}, SCRIPT being a local file or an s3:// URI.
 *
 * <p>As a step, Howdah runs the script itself and starts no Java for it; this program is for copies of
 * the jar that are run by hand on a node.
 */
public final class ScriptRunner {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      System.err.println("usage: script-runner.jar SCRIPT [ARGUMENT...]   SCRIPT: a file or s3://bucket/key");
      System.exit(2);
    }
    List<String> command = new ArrayList<>(Arrays.asList(arguments));
    if (command.get(0).matches("s3[an]?://.*")) {
      command.set(0, fetch(command.get(0).replaceFirst("^s3[an]?://", "s3://")));
    }
    System.exit(run(command));
  }

  private static String fetch(String uri) throws Exception {
    File folder = Files.createTempDirectory("script-runner").toFile();
    File script = new File(folder, uri.substring(uri.lastIndexOf('/') + 1));
    String[][] tools = {
      {"aws", "s3", "cp", "--only-show-errors"}, {"hadoop", "fs", "-copyToLocal"},
    };
    for (String[] tool : tools) {
      List<String> command = new ArrayList<>(Arrays.asList(tool));
      command.addAll(Arrays.asList(uri, script.getPath()));
      try {
        if (run(command) == 0 && script.setExecutable(true)) {
          return script.getPath();
        }
      } catch (IOException notInstalled) {
        // the next tool
      }
    }
    throw new IOException("cannot fetch " + uri + ": neither `aws` nor `hadoop` could");
  }

  private static int run(List<String> command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
