/** The connection was lost between a COMMIT and its answer: it is not known whether the transaction was carried out. */
export class CommitUnanswered extends Error {
  /** @param why what became of the connection */
  constructor(why: unknown) {
    super(
      `the connection was lost while the change was being committed (${why instanceof Error ? why.message : String(why)})`,
    )
  }
}
