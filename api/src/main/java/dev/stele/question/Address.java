package dev.stele.question;

/** The templates of the addresses that are asked, over HTTP by anybody and by the command line. */
public final class Address {
  public static final String EVENTS = "/api/v1/events";
  public static final String EVENT = EVENTS + "/{position}";
  public static final String PROOF = EVENT + "/proof";
  public static final String EVIDENCE = "/api/v1/evidence";
  public static final String DIGEST = "/api/v1/digests/{digest}";
  public static final String TAGS_OF_DIGEST = "/api/v1/tags";
  public static final String TAG_MOVES = "/api/v1/tag-moves";
  public static final String PULLS = "/api/v1/pulls";
  public static final String EXPOSURE = "/api/v1/exposure";
  public static final String EXPOSURE_PERIODS = EXPOSURE + "/periods";
  public static final String EXPOSURE_PULLS = EXPOSURE + "/pulls";
  public static final String APPROVALS = "/api/v1/approvals";
  public static final String APPROVAL_WITHDRAWAL = APPROVALS + "/withdraw";
  public static final String HOLDS = "/api/v1/holds";
  public static final String HOLD = HOLDS + "/{id}";
  public static final String HOLD_RELEASE = HOLD + "/release";
  public static final String ACTORS = "/api/v1/actors";
  public static final String ACTOR_FORGET = ACTORS + "/{id}/forget";
  public static final String WEBHOOKS = "/api/v1/webhooks";
  public static final String ROBOTS = "/api/v1/robots";
  public static final String ROBOT = ROBOTS + "/{robot}";
  public static final String ROBOT_REMOVAL = ROBOT + "/remove";
  public static final String ROBOT_KEYS = ROBOT + "/keys";
  public static final String ROBOT_KEY_REVOCATION = ROBOT_KEYS + "/{key}/revoke";
  public static final String SESSIONS = "/api/v1/sessions";
  public static final String SESSION_REVOCATION = SESSIONS + "/{session}/revoke";
  public static final String GC = "/api/v1/gc";
  public static final String MANIFEST = "/api/v1/manifests/{digest}";
  public static final String DOCUMENT = "/api/v1/documents/{digest}";
  public static final String REPOSITORIES = "/api/v1/repositories";
  public static final String TAGS = REPOSITORIES + "/{name}/-/tags";
  public static final String TAG_HISTORY = TAGS + "/{tag}/history";
  public static final String TAG_RETENTION = TAGS + "/{tag}/retention";
  public static final String MANIFESTS = REPOSITORIES + "/{name}/-/manifests";
  public static final String REFERRERS = REPOSITORIES + "/{name}/-/referrers/{digest}";
  public static final String DIFF = REPOSITORIES + "/{name}/-/diff";
  public static final String PULLABLE = REPOSITORIES + "/{name}/-/pullable";
  public static final String EVIDENCE_OF_ONE = REPOSITORIES + "/{name}/-/evidence";
  public static final String RESTORE = REPOSITORIES + "/{name}/-/restore";
  public static final String PREVIEW_OF_ONE = REPOSITORIES + "/{name}/-/retention/preview";
  public static final String REPLAY_OF_ONE = REPOSITORIES + "/{name}/-/retention/replay";
  public static final String EVALUATIONS = "/api/v1/retention/evaluations";
  public static final String PREVIEW = "/api/v1/retention/preview";
  public static final String REPLAY = "/api/v1/retention/replay";
  public static final String VERIFICATION = "/api/v1/retention/verification";

  private Address() {}
}
