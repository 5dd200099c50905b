/** Reads a refused `connect`: a login that is wanted, or a failure. */
import { type AmfValue, amfText } from "./amf0.ts"
import { type AuthRound, answerAuth } from "./auth.ts"
import { ownFailure, type RtmpFailure, serverFailure } from "./failures.ts"
import { hideSecrets } from "./publish-commands.ts"
import type { RtmpUrl } from "./rtmp-url.ts"

/**
 * `info` is the information object of the refusal, `auth` what this connection carried, `random` any 32 bits. With
 * `auth` in the result the next connection goes on with the login.
 */
export const connectRefusal = (info: AmfValue, url: RtmpUrl, auth: AuthRound | null, random: number): RtmpFailure => {
  const description = amfText(info, "description")
  const refusal = serverFailure(amfText(info, "code"), hideSecrets(description, url))
  const answer = answerAuth(description, url, url.app, auth, random)
  if (answer.type === "none") return refusal
  const { serverText } = refusal
  if (answer.type === "failed") return ownFailure(answer.code, `${answer.error} (${serverText})`, serverText)
  const { round } = answer
  return ownFailure(
    "Auth.Needed",
    `the server asks for a login (${round.scheme}, round ${round.round})`,
    serverText,
    round,
  )
}
