/** segmentation_type_id (ANSI/SCTE 35 2022b and 2023r1, 10.3.3.1, Table 23). */

/** What a segment does: opens, closes or marks a point. */
export type SegmentationRole = "start" | "end" | "point"

/** Whether a segment is a chance to place advertising or other content, and so opens or closes a break. */
export type SegmentationKind = "program" | "break"

export interface SegmentationType {
  readonly id: number
  readonly name: string
  readonly role: SegmentationRole
  readonly kind: SegmentationKind
  /** The specification gives this type sub_segment_num and sub_segments_expected. */
  readonly sub_segments: boolean
}

const row = (
  id: number,
  name: string,
  role: SegmentationRole,
  kind: SegmentationKind,
  sub_segments = false,
): SegmentationType => ({
  id,
  name,
  role,
  kind,
  sub_segments,
})

/** `id` starts, `id + 1` ends. */
const pair = (id: number, name: string, kind: SegmentationKind, sub_segments = false): SegmentationType[] => [
  row(id, `${name} Start`, "start", kind, sub_segments),
  row(id + 1, `${name} End`, "end", kind),
]

const SEGMENTATION_TYPES: ReadonlyMap<number, SegmentationType> = new Map(
  [
    row(0x00, "Not Indicated", "point", "program"),
    row(0x01, "Content Identification", "point", "program"),
    row(0x02, "Call Ad Server", "point", "program"),
    ...pair(0x10, "Program", "program"),
    row(0x12, "Program Early Termination", "end", "program"),
    row(0x13, "Program Breakaway", "point", "program"),
    row(0x14, "Program Resumption", "point", "program"),
    row(0x15, "Program Runover Planned", "point", "program"),
    row(0x16, "Program Runover Unplanned", "point", "program"),
    row(0x17, "Program Overlap Start", "start", "program"),
    row(0x18, "Program Blackout Override", "point", "program"),
    row(0x19, "Program Join", "start", "program"),
    ...pair(0x20, "Chapter", "program"),
    ...pair(0x22, "Break", "break"),
    ...pair(0x24, "Opening Credit", "program"),
    ...pair(0x26, "Closing Credit", "program"),
    ...pair(0x30, "Provider Advertisement", "break", true),
    ...pair(0x32, "Distributor Advertisement", "break", true),
    ...pair(0x34, "Provider Placement Opportunity", "break", true),
    ...pair(0x36, "Distributor Placement Opportunity", "break", true),
    ...pair(0x38, "Provider Overlay Placement Opportunity", "break", true),
    ...pair(0x3a, "Distributor Overlay Placement Opportunity", "break", true),
    ...pair(0x3c, "Provider Promo", "break"),
    ...pair(0x3e, "Distributor Promo", "break"),
    ...pair(0x40, "Unscheduled Event", "program"),
    ...pair(0x42, "Alternate Content Opportunity", "break"),
    ...pair(0x44, "Provider Ad Block", "break", true),
    ...pair(0x46, "Distributor Ad Block", "break", true),
    ...pair(0x50, "Network", "program"),
  ].map((type) => [type.id, type]),
)

/** The table's entry, undefined for an id that the specification does not define. */
export const segmentationType = (id: number): SegmentationType | undefined => SEGMENTATION_TYPES.get(id)

/** The specification's name; an undefined id is named with its number. */
export const segmentationTypeName = (id: number): string =>
  SEGMENTATION_TYPES.get(id)?.name ?? `Reserved 0x${id.toString(16).toUpperCase().padStart(2, "0")}`

/** Every defined type in order of id, for lists to choose from. */
export const segmentationTypes = (): SegmentationType[] => [...SEGMENTATION_TYPES.values()]
