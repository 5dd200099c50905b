/** Waiting for something the sinks see, checked whenever they have read their sockets. */

interface Waiter {
  readonly holds: () => boolean
  readonly resolve: () => void
}

export class Waiting {
  readonly #waiters = new Set<Waiter>()

  /** Resolves once `holds` is true; rejects after `timeoutMs` with `describe()`. */
  until(holds: () => boolean, timeoutMs: number, describe: () => string): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        holds,
        resolve: () => {
          clearTimeout(timer)
          this.#waiters.delete(waiter)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        reject(new Error(`not within ${timeoutMs} ms: ${describe()}`))
      }, timeoutMs)
      this.#waiters.add(waiter)
    })
  }

  /** Call after every change. */
  check(): void {
    for (const waiter of this.#waiters) if (waiter.holds()) waiter.resolve()
  }
}
