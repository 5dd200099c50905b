/** The outcome of checking what a request asks for. */
import type { FieldError } from "../model/Errors.ts"

export type Checked<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly errors: ReadonlyArray<FieldError> }

export const failed = (
  errors: ReadonlyArray<FieldError>,
): { readonly ok: false; readonly errors: ReadonlyArray<FieldError> } => ({
  ok: false,
  errors,
})
export const done = <A>(value: A): Checked<A> => ({ ok: true, value })
