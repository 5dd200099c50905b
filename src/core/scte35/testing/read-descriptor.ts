/** Splice descriptors from hexadecimal digits, for tests. */
import { expect } from "vitest"
import { toHex } from "../../bytes/bytes-text.ts"
import { encodeSpliceInfoSection } from "../encode-section.ts"
import { assemble, read } from "./assemble.ts"

export const CUEI = "43554549"

/** A descriptor of these data bytes, identifier included. */
export const descriptor = (tag: string, data: string): string => {
  const digits = data.replaceAll(" ", "")
  return `${tag}${(digits.length / 2).toString(16).padStart(2, "0")}${digits}`
}

export const readOne = (digits: string) => {
  const bytes = assemble({ type: "00", command: "", descriptors: digits })
  const section = read(bytes)
  expect(toHex(encodeSpliceInfoSection(section))).toBe(toHex(bytes))
  return { descriptor: section.descriptors?.[0], errors: section.errors, warnings: section.warnings, section }
}

/** Segmentation of the whole programme, unrestricted, without duration, up to the UPID. */
export const SEGMENT = `${CUEI} 00000005 7f bf`
