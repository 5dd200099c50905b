/** Who asks for what is being done, as events of channels name them. */
import { FiberRef } from "effect"

/** As in `user ada`; without anybody who was asked for a name, `the operator`. */
export const Actor: FiberRef.FiberRef<string> = FiberRef.unsafeMake("the operator")
