/**
 * What the server of a publisher may send: it confirms, asks for a sign of life now and then, and has nothing else to
 * say.
 */

/**
 * Bytes and messages at once, and a second in the long run; real servers send less than 5 KiB and 50 messages to begin
 * with.
 */
export const INPUT_BUDGET = {
  bytes: 1024 * 1024,
  bytesPerSecond: 64 * 1024,
  messages: 1000,
  messagesPerSecond: 100,
} as const

export class InputBudget {
  #bytes: number = INPUT_BUDGET.bytes
  #messages: number = INPUT_BUDGET.messages
  #lastMs: number | null = null

  /** Something has come, at a time of any clock that does not run backwards; why it is too much, or null. */
  spend(nowMs: number, bytes: number, messages: number): string | null {
    const seconds = this.#lastMs === null ? 0 : Math.max(0, nowMs - this.#lastMs) / 1000
    this.#lastMs = nowMs
    this.#bytes = Math.min(INPUT_BUDGET.bytes, this.#bytes + seconds * INPUT_BUDGET.bytesPerSecond) - bytes
    this.#messages =
      Math.min(INPUT_BUDGET.messages, this.#messages + seconds * INPUT_BUDGET.messagesPerSecond) - messages
    if (this.#messages < 0)
      return `more than ${INPUT_BUDGET.messagesPerSecond} messages a second, for which a publisher has no use`
    if (this.#bytes < 0)
      return `more than ${INPUT_BUDGET.bytesPerSecond / 1024} KiB a second, for which a publisher has no use`
    return null
  }
}
