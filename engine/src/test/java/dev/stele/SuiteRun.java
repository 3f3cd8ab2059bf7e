package dev.stele;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Set;
import java.util.TreeSet;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * What came of a suite's tests, by their display names: to show that a suite fails where it should.
 */
public record SuiteRun(Set<String> passed, Set<String> failed) {
  /** Runs a suite. */
  public static SuiteRun of(Class<?> suite) {
    Set<String> passed = new TreeSet<>();
    Set<String> failed = new TreeSet<>();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request().selectors(selectClass(suite)).build(),
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest()) {
                  boolean success = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
                  (success ? passed : failed).add(test.getDisplayName());
                }
              }
            });
    return new SuiteRun(passed, failed);
  }
}
