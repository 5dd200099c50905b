/** Who asks for what is being done, as events of channels name them. */
import { FiberRef } from "effect"

/** As in `user ada`; without anybody who was asked for a name, `the operator`. */
export const Actor: FiberRef.FiberRef<string> = FiberRef.unsafeMake("the operator")

/** Is told in a sentence, without secrets, what was changed on behalf of the one who asks; null where nobody listens. */
export const Witness: FiberRef.FiberRef<((text: string) => void) | null> = FiberRef.unsafeMake<
  ((text: string) => void) | null
>(null)
