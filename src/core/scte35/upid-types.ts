/** segmentation_upid_type (ANSI/SCTE 35 2022b and 2023r1, 10.3.3.1, Table 22). */

/** How the bytes of a UPID read. */
export type UpidForm = "none" | "text" | "hex" | "umid" | "isan" | "eidr" | "atsc" | "mpu" | "mid" | "uuid"

export interface UpidType {
  readonly id: number
  readonly name: string
  readonly form: UpidForm
  /** Length in bytes where it is fixed, null where it varies. */
  readonly size: number | null
  readonly deprecated: boolean
}

const row = (id: number, name: string, form: UpidForm, size: number | null, deprecated = false): UpidType => ({
  id,
  name,
  form,
  size,
  deprecated,
})

export const UPID_MPU = 0x0c
export const UPID_MID = 0x0d

const UPID_TYPES: ReadonlyMap<number, UpidType> = new Map(
  [
    row(0x00, "Not Used", "none", 0),
    row(0x01, "User Defined", "text", null, true),
    row(0x02, "ISCI", "text", 8, true),
    row(0x03, "Ad-ID", "text", 12),
    row(0x04, "UMID", "umid", 32),
    row(0x05, "ISAN (8 bytes)", "isan", 8, true),
    row(0x06, "ISAN", "isan", 12),
    row(0x07, "TID", "text", 12),
    row(0x08, "AiringID", "hex", 8),
    row(0x09, "ADI", "text", null),
    row(0x0a, "EIDR", "eidr", 12),
    row(0x0b, "ATSC Content Identifier", "atsc", null),
    row(UPID_MPU, "MPU", "mpu", null),
    row(UPID_MID, "MID", "mid", null),
    row(0x0e, "ADS Information", "text", null),
    row(0x0f, "URI", "text", null),
    row(0x10, "UUID", "uuid", 16),
    row(0x11, "SCR", "text", null),
  ].map((type) => [type.id, type]),
)

/** The table's entry, undefined for a type that the specification does not define. */
export const upidType = (id: number): UpidType | undefined => UPID_TYPES.get(id)

/** The specification's name; an undefined type is named with its number. */
export const upidTypeName = (id: number): string =>
  UPID_TYPES.get(id)?.name ?? `Reserved 0x${id.toString(16).toUpperCase().padStart(2, "0")}`

/** Every defined type in order of id, for lists to choose from. */
export const upidTypes = (): UpidType[] => [...UPID_TYPES.values()]
