/** What is to happen in a made-up world, by time. */

type Queued = { readonly at: number; readonly order: number; readonly run: () => void }

/** A binary heap by time, then by order of coming. */
export class EventQueue {
  readonly #items: Queued[] = []
  #order = 0

  push(at: number, run: () => void): void {
    const items = this.#items
    items.push({ at, order: this.#order++, run })
    for (let i = items.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!this.#before(i, parent)) break
      this.#swap(i, parent)
      i = parent
    }
  }

  pop(): Queued | undefined {
    const items = this.#items
    const [first] = items
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    items[0] = last
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      const smaller = left + 1 < items.length && this.#before(left + 1, left) ? left + 1 : left
      if (smaller >= items.length || !this.#before(smaller, i)) break
      this.#swap(i, smaller)
      i = smaller
    }
    return first
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#items[i], this.#items[j]]
    if (a === undefined || b === undefined) return false
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#items[i], this.#items[j]]
    if (a === undefined || b === undefined) return
    this.#items[i] = b
    this.#items[j] = a
  }
}
