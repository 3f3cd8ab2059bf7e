package dev.stele.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.AccessPolicy.Principal;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccessPolicyTest {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
          .enable(JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES)
          .build();

  private static final Principal MARY = Principal.of("mary");
  private static final Principal JOE = Principal.of("joe");

  private static AccessPolicy read(String json) throws Exception {
    // Words need no quotes here, as in YAML.
    String quoted = json.replaceAll("(?<=[\\[ ,])([a-z][a-z-]*)(?=[\\],}])", "'$1'");
    return AccessPolicy.read("access", JSON.readTree(quoted));
  }

  private static boolean may(AccessPolicy policy, Principal who, Action action, String repository) {
    return policy.allows(who, action, RepositoryName.parse(repository));
  }

  @Test
  void whoeverSomebodyElseVouchesForIsNamedWithAColon() throws Exception {
    AccessPolicy policy =
        read(
            """
            {groups: {release: ['ci:octo/app', mary]},
             rules: [
              {repositories: ['app'], groups: [release], may: [push]},
              {repositories: ['app'], groups: ['staff:ops'], users: ['ci:octo/web'], may: [pull]}]}
            """);

    assertThat(may(policy, Principal.of("ci:octo/app"), Action.PUSH, "app")).isTrue();
    assertThat(may(policy, Principal.of("octo/app"), Action.PUSH, "app")).isFalse();
    assertThat(may(policy, Principal.of("ci:octo/web"), Action.PULL, "app")).isTrue();
    Principal ops = new Principal(Optional.of("joe"), Set.of("staff:ops"), false);
    assertThat(may(policy, ops, Action.PULL, "app")).isTrue();
    // Nobody else says who is in a group of the policy.
    Principal other = new Principal(Optional.of("joe"), Set.of("staff:release"), false);
    assertThat(may(policy, other, Action.PUSH, "app")).isFalse();
    assertThat(policy.grantedGroups()).containsExactlyInAnyOrder("release", "staff:ops");
    assertThatThrownBy(() -> read("{administrators: [mary], groups: {'staff:ops': [joe]}}"))
        .hasMessageContaining("access.groups.staff:ops");
    assertThatThrownBy(() -> read("{administrators: [':mary']}"))
        .hasMessageContaining("begins with no colon");
  }

  @Test
  void whatOutranksAllElseMayTakeSeveralPersons() throws Exception {
    assertThat(read("{administrators: [mary]}").persons())
        .isEqualTo(new AccessPolicy.Persons(0, 1));
    AccessPolicy two =
        read("{administrators: [mary], release-holds-by: another, restore-repositories-by: 2}");
    assertThat(two.persons()).isEqualTo(new AccessPolicy.Persons(1, 2));
    AccessPolicy three =
        read("{administrators: [mary], release-holds-by: 3, restore-repositories-by: 2}");
    assertThat(three.persons()).isEqualTo(new AccessPolicy.Persons(3, 2));
    assertThat(three).isNotEqualTo(two);
    assertThat(new String(three.document(), UTF_8))
        .contains("\"release-holds-by\":\"3\",\"restore-repositories-by\":2");
    for (String wrong : List.of("0", "10", "-1", "1.5", "all")) {
      assertThatThrownBy(() -> read("{administrators: [mary], release-holds-by: '" + wrong + "'}"))
          .hasMessageContaining("access.release-holds-by must be anyone, another or how many");
      assertThatThrownBy(
              () -> read("{administrators: [mary], restore-repositories-by: '" + wrong + "'}"))
          .hasMessageContaining("access.restore-repositories-by must be a whole number");
    }
  }

  @Test
  void theClosestGlobThatMatchesDecidesAlone() throws Exception {
    AccessPolicy policy =
        read(
            """
            {rules: [
              {repositories: ['**'], everyone: true, may: [pull, push]},
              {repositories: ['payments/**'], users: [mary], may: [pull]},
              {repositories: ['payments/**'], users: [joe], may: [push]},
              {repositories: ['payments/api'], groups: [release], may: [push]}],
             groups: {release: [mary]}}
            """);

    assertThat(may(policy, JOE, Action.PULL, "web")).isTrue();
    assertThat(may(policy, MARY, Action.PULL, "payments/web")).isTrue();
    assertThat(may(policy, MARY, Action.PUSH, "payments/web")).isFalse();
    assertThat(may(policy, JOE, Action.PUSH, "payments/web")).isTrue();
    assertThat(may(policy, JOE, Action.PULL, "payments/web")).isFalse();
    assertThat(may(policy, MARY, Action.PUSH, "payments/api")).isTrue();
    assertThat(may(policy, MARY, Action.PULL, "payments/api")).isFalse();
    assertThat(may(policy, JOE, Action.PUSH, "payments/api")).isFalse();
    assertThat(may(policy, Principal.ANONYMOUS, Action.PULL, "web")).isFalse();
  }

  @Test
  void equallyCloseGlobsDecideTogether() throws Exception {
    AccessPolicy policy =
        read(
            """
            {rules: [
              {repositories: ['a*/x'], users: [mary], may: [pull]},
              {repositories: ['a?/x'], users: [mary], may: [push]}]}
            """);

    assertThat(may(policy, MARY, Action.PULL, "ab/x")).isTrue();
    assertThat(may(policy, MARY, Action.PUSH, "ab/x")).isTrue();
    assertThat(may(policy, MARY, Action.PUSH, "acd/x")).isFalse();
  }

  @Test
  void whatBeginsWithAWildcardOpensNothingThatWasClosed() throws Exception {
    AccessPolicy closed =
        read(
            """
            {rules: [
              {repositories: ['**/app-*'], everyone: true, may: [pull]},
              {repositories: ['pay/**'], users: [mary], may: [pull]}]}
            """);
    assertThat(may(closed, JOE, Action.PULL, "pay/app-1")).isFalse();
    assertThat(may(closed, MARY, Action.PULL, "pay/app-1")).isTrue();
  }

  @Test
  void everywhereIsWhatEveryGlobGrants() throws Exception {
    AccessPolicy policy =
        read(
            """
            {administrators: [root], rules: [
              {repositories: ['**'], users: [mary, joe], may: [read-record, metrics]},
              {repositories: ['secret/**'], users: [joe], may: [read-record]}]}
            """);

    assertThat(policy.allowsEverywhere(MARY, Action.READ_RECORD)).isFalse();
    assertThat(policy.allowsSomewhere(MARY, Action.READ_RECORD)).isTrue();
    assertThat(policy.allowsEverywhere(JOE, Action.READ_RECORD)).isTrue();
    assertThat(policy.allowsEverywhere(MARY, Action.METRICS)).isTrue();
    assertThat(policy.allowsEverywhere(JOE, Action.PULL)).isFalse();
    assertThat(policy.allowsSomewhere(JOE, Action.PULL)).isFalse();
    assertThat(policy.allowsEverywhere(Principal.of("root"), Action.ADMIN)).isTrue();
    assertThat(policy.allowsEverywhere(Principal.ANONYMOUS, Action.READ_RECORD)).isFalse();
  }

  @Test
  void whatIsGrantedWithoutSigningInIsGrantedToAll() throws Exception {
    AccessPolicy policy =
        read("{rules: [{repositories: ['public/**'], anonymous: true, may: [pull]}]}");

    assertThat(may(policy, Principal.ANONYMOUS, Action.PULL, "public/a")).isTrue();
    assertThat(may(policy, MARY, Action.PULL, "public/a")).isTrue();
    assertThat(may(policy, MARY, Action.PULL, "private/a")).isFalse();
    assertThat(policy.allowsEverywhere(MARY, Action.PULL)).isFalse();
  }

  @Test
  void groupsAreThePolicysOrThoseThatSomebodyComesWith() throws Exception {
    AccessPolicy policy =
        read(
            """
            {groups: {ops: [mary]}, rules: [{repositories: ['**'], groups: [ops], may: [admin]}]}
            """);

    assertThat(policy.allowsEverywhere(MARY, Action.ADMIN)).isTrue();
    assertThat(policy.allowsEverywhere(JOE, Action.ADMIN)).isFalse();
    assertThat(
            policy.allowsEverywhere(
                new Principal(Optional.of("joe"), Set.of("ops"), false), Action.ADMIN))
        .isTrue();
  }

  @Test
  void withoutAPolicyWhoeverMayComeInMayDoEverything() {
    RepositoryName any = RepositoryName.parse("a");
    assertThat(AccessPolicy.OPEN.allows(Principal.ANONYMOUS, Action.DELETE, any)).isTrue();
    assertThat(AccessPolicy.SIGNED_IN.allows(Principal.ANONYMOUS, Action.PULL, any)).isFalse();
    assertThat(AccessPolicy.SIGNED_IN.allowsEverywhere(MARY, Action.ADMIN)).isTrue();
  }

  @Test
  void itSaysWhy() throws Exception {
    AccessPolicy policy =
        read(
            """
            {administrators: [root], rules: [
              {repositories: ['**'], everyone: true, may: [pull]},
              {repositories: ['team/**'], users: [mary], may: [push]}]}
            """);
    RepositoryName app = RepositoryName.parse("team/app");

    assertThat(policy.explain(MARY, Action.PUSH, app).by())
        .isEqualTo(
            "team/** decides, the closest that matches: access.rules[1] grants it to user mary");
    assertThat(policy.explain(MARY, Action.PULL, app))
        .returns(false, AccessPolicy.Decision::allowed)
        .returns(
            "team/** decides, the closest that matches, and none of its rules grants that to them",
            AccessPolicy.Decision::by);
    assertThat(policy.explain(Principal.of("root"), Action.PULL, app).by())
        .isEqualTo("an administrator");
  }

  @Test
  void whatIsWrongIsToldAtOnce() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    {administrator: [a], groups: {ops: [x:y]}, rules: [
                      {repositories: ['['], may: [pull], everyone: true},
                      {repositories: ['a'], may: [write]},
                      {users: [mary]}]}
                    """
                        .replace("x:y", "':xy'")))
        .isInstanceOfSatisfying(
            InvalidPolicyException.class,
            e ->
                assertThat(String.join("\n", e.problems()))
                    .contains("access.administrator")
                    .contains("access.groups.ops[0]")
                    .contains("access.rules[0].repositories[0]")
                    .contains("access.rules[1].may[0]")
                    .contains("access.rules[1] needs users, groups")
                    .contains("access.rules[2] needs repositories")
                    .contains("access.rules[2] needs may"));
    for (String wrong :
        new String[] {
          "{rules: [{repositories: ['Team/**'], everyone: true, may: [pull]}]}",
          "{rules: [{repositories: ['/team'], everyone: true, may: [pull]}]}",
          "{rules: [{repositories: ['team/'], everyone: true, may: [pull]}]}",
          "{rules: [{repositories: ['team'], everyone: false, may: [pull]}]}",
          "{rules: [{repositories: ['team'], groups: [nobody], may: [pull]}]}",
          "{rules: [{repositories: ['team'], users: [' joe '], may: [pull]}]}",
          "{rules: [{repositories: ['team'], users: ['anonymous'], may: [pull]}]}",
          "{rules: [{repositories: ['team/**'], everyone: true, may: [metrics]}]}"
        }) {
      assertThatThrownBy(() -> read(wrong)).as(wrong).isInstanceOf(InvalidPolicyException.class);
    }
    assertThatThrownBy(() -> read("{groups: {a: [b]}}")).hasMessageContaining("grants nobody");
  }
}
