/** Looks for planted secrets in texts: as they are, and as servers and protocols write them. */

/** A secret as it is, in base64 (at each of the three offsets) and in hexadecimal. */
const writings = (secret: string): ReadonlyArray<string> => [
  secret,
  Buffer.from(secret).toString("hex"),
  ...[0, 1, 2].map((before) => {
    const text = Buffer.from(" ".repeat(before) + secret).toString("base64")
    // The characters at the ends depend on what stands beside the secret.
    return text.slice(before === 0 ? 0 : before + 1, -4)
  }),
]

export class SecretSearch {
  /** The planted secrets, one for each place, so that a secret that is found tells where it comes from. */
  readonly secrets: string[] = []
  /** `SECRET in PLACE` of all that were found. */
  readonly found = new Set<string>()
  /** Number of calls of `begin`: what was looked at before may hold a secret that was not looked for then. */
  begun = 0
  #searched: ReadonlyArray<readonly [secret: string, writing: string]> = []

  /** Makes the secret of a place, which is looked for from the next `begin` on. */
  readonly planted = (place: string): string => {
    const secret = `Planted4711${place}Zx`
    this.secrets.push(secret)
    return secret
  }

  /** Looks for all secrets that there are by now. */
  begin(): void {
    this.begun += 1
    this.#searched = this.secrets.flatMap((secret) => writings(secret).map((writing) => [secret, writing] as const))
  }

  /** @param except what may be shown here */
  readonly look = (where: string, text: string, except = ""): void => {
    for (const [secret, writing] of this.#searched)
      if (secret !== except && text.includes(writing)) this.found.add(`${secret} in ${where}`)
  }
}
