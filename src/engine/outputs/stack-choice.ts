/** Which SRT stack an output runs on, and why. */
import { beyondOwnStack, type SrtStack } from "../../core/srt/stack.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"
import type { SessionContext } from "./output-session.ts"

/** The choice for one output. */
export interface StackChoice {
  readonly stack: SrtStack
  /** What of its URL made libsrt the stack although our own was wanted; empty otherwise. */
  readonly needsLibsrt: ReadonlyArray<string>
}

/** Our own stack where it is asked for or libsrt is missing, unless the output needs what only libsrt has. */
export const chooseStack = ({ srt, srtStack }: Pick<SessionContext, "srt" | "srtStack">, target: SrtTarget) => {
  const wanted = target.stack ?? (srt === null ? "own" : srtStack)
  const needsLibsrt = wanted === "own" ? beyondOwnStack(target) : []
  return { stack: needsLibsrt.length > 0 ? "libsrt" : wanted, needsLibsrt } satisfies StackChoice
}
