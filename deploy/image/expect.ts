/** What checks of an image say and wait for. */

/** Prints what was seen; throws when it does not hold. */
export const expectThat = (what: string, holds: boolean, detail: unknown = ""): void => {
  if (!holds) throw new Error(`FAILED: ${what} ${typeof detail === "string" ? detail : JSON.stringify(detail)}`)
  process.stdout.write(`ok: ${what}\n`)
}

/** Asks again until `found` holds; fails after `seconds`. */
export const until = async <T>(what: string, ask: () => Promise<T | null>, seconds = 40): Promise<T> => {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const found = await ask().catch(() => null)
    if (found !== null) return found
    if (performance.now() > deadline) throw new Error(`FAILED: not within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
