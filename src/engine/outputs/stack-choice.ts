/** Which SRT stack an output runs on, and why. */
import { beyondOwnStack, type SrtStack } from "../../core/srt/stack.ts"
import type { SrtTarget } from "../srt/srt-socket.ts"

/** The choice for one output. */
export interface StackChoice {
  readonly stack: SrtStack
  /** What of its URL made libsrt the stack although our own was wanted; empty otherwise. */
  readonly needsLibsrt: ReadonlyArray<string>
}

/**
 * Our own stack where it is asked for or libsrt is missing (`srt` null), unless the output needs what only libsrt has.
 * `srtStack` is what outputs run on that ask for none.
 */
export const chooseStack = (
  { srt, srtStack }: { readonly srt: object | null; readonly srtStack: SrtStack },
  target: SrtTarget,
): StackChoice => {
  const wanted = target.stack ?? (srt === null ? "own" : srtStack)
  const needsLibsrt = wanted === "own" ? beyondOwnStack(target) : []
  return { stack: needsLibsrt.length > 0 ? "libsrt" : wanted, needsLibsrt }
}
