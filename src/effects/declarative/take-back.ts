/**
 * Taking one change of a channel back while those after it stay: each field gets the value that it had before, as long
 * as it still has the one that the change gave it. Pure; errors carry paths and repeat no value.
 */
import { type Checked, done, failed } from "../config/checked.ts"
import type { FieldError } from "../model/Errors.ts"
import type { Sides } from "./change-rows.ts"
import type { ChannelDocument, OutputDocument } from "./document.ts"

type Fields = Readonly<Record<string, unknown>>

const NESTED = new Set(["input", "settings"])
const text = (value: unknown): string => JSON.stringify(value ?? null)
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? { ...value } : {})
const again = (path: string): FieldError => ({ path, message: "was changed again since: take that change back first" })

/** The fields as they are now with the values that they had before the change. */
const fieldsBack = (now: Fields, before: Fields, after: Fields, at: string, errors: FieldError[]): Fields => {
  const next: Record<string, unknown> = { ...now }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (name === "outputs" || text(before[name]) === text(after[name])) continue
    const path = at === "" ? name : `${at}.${name}`
    if (NESTED.has(name))
      next[name] = fieldsBack(fieldsOf(now[name]), fieldsOf(before[name]), fieldsOf(after[name]), path, errors)
    else if (text(now[name]) !== text(after[name])) errors.push(again(path))
    else if (before[name] === undefined) delete next[name]
    else next[name] = before[name]
  }
  return next
}

const bySlug = (outputs: ReadonlyArray<OutputDocument> | undefined) =>
  new Map((outputs ?? []).map((output) => [output.slug, output]))

const outputsBack = (now: ChannelDocument, before: ChannelDocument, after: ChannelDocument, errors: FieldError[]) => {
  const [had, has] = [bySlug(before.outputs), bySlug(after.outputs)]
  const next = bySlug(now.outputs)
  for (const slug of new Set([...had.keys(), ...has.keys()])) {
    const [old, changed, current] = [had.get(slug), has.get(slug), next.get(slug)]
    const path = `outputs.${slug}`
    if (text(old) === text(changed)) continue
    if (old === undefined) {
      // One that is gone by now needs nothing more.
      if (current !== undefined && text(current) !== text(changed)) errors.push(again(path))
      else next.delete(slug)
    } else if (changed === undefined) {
      if (current !== undefined) errors.push({ path, message: "is there again: nothing is to be brought back" })
      else next.set(slug, old)
    } else if (current === undefined) errors.push({ path, message: "was removed since: take that change back first" })
    else next.set(slug, fieldsBack(current, old, changed, path, errors) as OutputDocument)
  }
  return [...next.values()]
}

/**
 * What a channel is to be once a change of it is taken back; null where it is to go.
 * @param now the channel as it is, null where there is none
 */
export const takenBack = (now: ChannelDocument | null, { after, before }: Sides): Checked<ChannelDocument | null> => {
  const errors: FieldError[] = []
  const refuse = (message: string) => failed([{ path: "change", message }])
  if (before === null) {
    if (now === null) return refuse("the channel is gone already")
    return text(now) === text(after) ? done(null) : refuse("the channel was changed since it was created")
  }
  if (after === null) return now === null ? done(before) : refuse("there is a channel of this name again")
  if (now === null) return refuse("the channel was removed since: take that change back first")
  const fields = fieldsBack({ ...now }, { ...before }, { ...after }, "", errors)
  const outputs = outputsBack(now, before, after, errors)
  return errors.length > 0 ? failed(errors) : done({ ...fields, outputs } as unknown as ChannelDocument)
}
