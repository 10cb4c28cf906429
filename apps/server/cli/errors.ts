/** A mistake in how the command was called: exit 2, one sentence that says what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
