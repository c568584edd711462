import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Collectors;

import org.eclipse.dataspacetck.core.system.ConsoleMonitor;
import org.eclipse.dataspacetck.dsp.system.DspSystemLauncher;
import org.eclipse.dataspacetck.runtime.ConsoleResultWriter;
import org.eclipse.dataspacetck.runtime.TckRuntime;

/** Starts the kit where it comes without an entry of its own, as the candidates do: java -cp 'lib/*' Kit.java PROPERTIES */
public final class Kit {
    public static void main(String[] arguments) throws Exception {
        var read = new Properties();
        try (var file = Files.newBufferedReader(Path.of(arguments[0]))) {
            read.load(file);
        }
        var monitor = new ConsoleMonitor(false, false);
        var summary = TckRuntime.Builder.newInstance()
            .properties(read.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, read::getProperty)))
            .launcher(DspSystemLauncher.class)
            .addPackage("org.eclipse.dataspacetck.dsp.verification")
            .monitor(monitor)
            .build()
            .execute();
        new ConsoleResultWriter(monitor).output(summary);
        monitor.message("Disabled tests: " + summary.getTestsSkippedCount());
        monitor.message("Test run complete");
    }
}
