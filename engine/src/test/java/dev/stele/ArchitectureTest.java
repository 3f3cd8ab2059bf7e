package dev.stele;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.stele.registry.Commands;
import dev.stele.registry.RegistryParts;

/** Imports run one way, and the engine knows nothing of HTTP. */
@AnalyzeClasses(packages = "dev.stele", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule IMPORTS_RUN_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.stele..")
          .layer("oci")
          .definedBy("dev.stele.oci..")
          .layer("event")
          .definedBy("dev.stele.event..")
          .layer("sql")
          .definedBy("dev.stele.sql..")
          .layer("database")
          .definedBy("dev.stele.database..")
          .layer("log")
          .definedBy("dev.stele.log..")
          .layer("merkle")
          .definedBy("dev.stele.merkle..")
          .layer("evidence")
          .definedBy("dev.stele.evidence..")
          .layer("blob")
          .definedBy("dev.stele.blob..")
          .layer("claim")
          .definedBy("dev.stele.claim..")
          .layer("projection")
          .definedBy("dev.stele.projection..")
          .layer("registry")
          .definedBy("dev.stele.registry..")
          .layer("gc")
          .definedBy("dev.stele.gc..")
          .layer("policy")
          .definedBy("dev.stele.policy..")
          .layer("retention")
          .definedBy("dev.stele.retention..")
          .layer("verify")
          .definedBy("dev.stele.verify..")
          .layer("history")
          .definedBy("dev.stele.history..")
          .layer("restore")
          .definedBy("dev.stele.restore..")
          .layer("engine")
          .definedBy("dev.stele.engine..")
          .whereLayer("engine")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("restore")
          .mayOnlyBeAccessedByLayers("engine")
          .whereLayer("retention")
          .mayOnlyBeAccessedByLayers("engine")
          .whereLayer("history")
          .mayOnlyBeAccessedByLayers("restore")
          .whereLayer("registry")
          .mayOnlyBeAccessedByLayers("retention", "history", "restore", "engine")
          .whereLayer("gc")
          .mayOnlyBeAccessedByLayers("registry", "restore", "retention")
          .whereLayer("projection")
          .mayOnlyBeAccessedByLayers("gc", "registry", "retention", "history", "verify", "restore")
          .whereLayer("log")
          .mayOnlyBeAccessedByLayers(
              "claim",
              "projection",
              "gc",
              "registry",
              "retention",
              "history",
              "verify",
              "restore",
              "engine")
          .whereLayer("blob")
          .mayOnlyBeAccessedByLayers("claim", "gc", "registry", "history", "verify", "engine")
          .whereLayer("claim")
          .mayOnlyBeAccessedByLayers("gc", "registry", "verify")
          .whereLayer("event")
          .mayOnlyBeAccessedByLayers(
              "policy",
              "evidence",
              "log",
              "projection",
              "gc",
              "registry",
              "retention",
              "history",
              "verify",
              "restore")
          .whereLayer("evidence")
          .mayOnlyBeAccessedByLayers("registry")
          .whereLayer("policy")
          .mayOnlyBeAccessedByLayers(
              "projection", "gc", "registry", "retention", "history", "engine")
          .whereLayer("database")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule ONLY_THE_ENGINE_HAS_THE_PARTS =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.stele.registry..", "dev.stele.engine..")
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(RegistryParts.class);

  @ArchTest
  static final ArchRule ONLY_WHO_DECIDES_HAS_COMMANDS =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.stele.registry..",
              "dev.stele.engine..",
              "dev.stele.retention..",
              "dev.stele.restore..")
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(Commands.class);

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching("dev.stele.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule NO_HTTP_IN_THE_ENGINE =
      noClasses()
          .that()
          .resideInAPackage("dev.stele..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.javalin..", "org.eclipse.jetty..", "jakarta.servlet..", "java.net.http..");

  @ArchTest
  static final ArchRule OCI_IS_PURE =
      noClasses()
          .that()
          .resideInAPackage("dev.stele.oci..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "java.nio.file..", "org.jdbi..");

  /** Whoever checks evidence takes these and nothing else. */
  @ArchTest
  static final ArchRule EVIDENCE_NEEDS_NO_ENGINE =
      noClasses()
          .that()
          .resideInAPackage("dev.stele.evidence..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.stele..")
                  .and(
                      resideOutsideOfPackages(
                          "dev.stele.evidence..",
                          "dev.stele.event..",
                          "dev.stele.merkle..",
                          "dev.stele.oci..",
                          "dev.stele.timestamp..")));

  @ArchTest
  static final ArchRule EVIDENCE_IS_CHECKED_WITHOUT_THE_ENGINE =
      noClasses()
          .that()
          .resideInAnyPackage("dev.stele.merkle..", "dev.stele.timestamp..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.stele..")
                  .and(resideOutsideOfPackages("dev.stele.merkle..", "dev.stele.timestamp..")));
}
