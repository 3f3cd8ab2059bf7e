package dev.stele.question;

import dev.stele.projection.Approval;
import java.util.List;

/**
 * What takes several persons and waits for some.
 *
 * @param act as the access policy calls it
 * @param repositories a repository's name, or a glob
 * @param subject the hold, or as of when a repository is to be restored
 * @param needed how many persons it takes
 * @param by who asked so far; of somebody who is not known any more nothing is said
 * @param until the first of them counts so long
 */
public record ApprovalRow(
    String act, String repositories, String subject, int needed, List<String> by, String until) {
  /** A column a field. */
  public static final Columns<ApprovalRow> COLUMNS =
      Columns.over(ApprovalRow.class)
          .with("act", ApprovalRow::act)
          .with("repositories", ApprovalRow::repositories)
          .with("subject", ApprovalRow::subject)
          .with("needed", ApprovalRow::needed)
          .with("by", ApprovalRow::by)
          .with("until", ApprovalRow::until);

  /** The row of what waits. */
  public static ApprovalRow of(Approval approval) {
    return new ApprovalRow(
        approval.act().word(),
        approval.repositories(),
        approval.subject(),
        approval.needed(),
        approval.names().toList(),
        approval.until().toString());
  }
}
