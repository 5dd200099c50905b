/** Waiting for something the sinks see, checked whenever they have read their sockets. */
import { crowding } from "./patience.ts"

/** How often the time that is left is looked at, in ms. */
const LOOK_MS = 250

interface Waiter {
  readonly holds: () => boolean
  readonly resolve: () => void
}

export class Waiting {
  readonly #waiters = new Set<Waiter>()

  /** Resolves once `holds` is true; rejects after `timeoutMs`, or longer on a busy machine, with `describe()`. */
  until(holds: () => boolean, timeoutMs: number, describe: () => string): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        holds,
        resolve: () => {
          clearInterval(timer)
          this.#waiters.delete(waiter)
          resolve()
        },
      }
      let left = timeoutMs
      let lookedAt = performance.now()
      const timer = setInterval(() => {
        const now = performance.now()
        left -= (now - lookedAt) / crowding()
        lookedAt = now
        if (left > 0) return
        clearInterval(timer)
        this.#waiters.delete(waiter)
        reject(new Error(`not within ${timeoutMs} ms: ${describe()}`))
      }, LOOK_MS)
      this.#waiters.add(waiter)
    })
  }

  /** Call after every change. */
  check(): void {
    for (const waiter of this.#waiters) if (waiter.holds()) waiter.resolve()
  }
}
