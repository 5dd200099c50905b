/** Sections of every shape that the specification has, for property tests (fast-check). */
import fc from "fast-check"
import { hex32, toHex } from "../../bytes/bytes-text.ts"
import { CUEI_IDENTIFIER } from "../descriptor-fields.ts"
import type { CommandFields } from "../encode-command.ts"
import type { DescriptorFields } from "../encode-descriptor.ts"
import type { SpliceInfoSectionFields } from "../section-fields.ts"

const KNOWN_COMMANDS = new Set([0x00, 0x04, 0x05, 0x06, 0x07, 0xff])

/** Unsigned field of `bits` bits; its limits occur more often than chance would have it. */
const uint = (bits: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(0, 1, 2 ** bits - 1),
    fc.maxSafeNat().map((value) => value % 2 ** bits),
  )

const hex = (longest: number): fc.Arbitrary<string> => fc.uint8Array({ maxLength: longest }).map(toHex)

/** No reserved bits that are kept, or one place whose `bits` bits are not all ones. */
const odd = (place: string, bits: number) =>
  fc.option(
    fc.nat(2 ** bits - 2).map((value) => ({ reserved: { [place]: value } })),
    { nil: {}, freq: 4 },
  )

const ptsTime = fc.option(uint(33), { nil: null, freq: 5 })

const breakFields = fc.oneof(
  fc.constant({ duration_flag: false }),
  fc.record({ duration_flag: fc.constant(true), break_auto_return: fc.boolean(), break_duration: uint(33) }),
)

const availNumbers = fc.record({ unique_program_id: uint(16), avail_num: uint(8), avails_expected: uint(8) })

/** One object with the fields of several. */
const join = <A extends object, B extends object, C extends object>(
  a: fc.Arbitrary<A>,
  b: fc.Arbitrary<B>,
  c: fc.Arbitrary<C>,
) => fc.tuple(a, b, c).map(([first, second, third]) => ({ ...first, ...second, ...third }))

const few = <Item>(item: fc.Arbitrary<Item>) => fc.array(item, { maxLength: 5 })

const insertTime = fc.oneof(
  fc.constant({ program_splice_flag: true, splice_immediate_flag: true }),
  fc.record({ program_splice_flag: fc.constant(true), splice_immediate_flag: fc.constant(false), pts_time: ptsTime }),
  fc.record({
    program_splice_flag: fc.constant(false),
    splice_immediate_flag: fc.constant(true),
    components: few(fc.record({ tag: uint(8) })),
  }),
  fc.record({
    program_splice_flag: fc.constant(false),
    splice_immediate_flag: fc.constant(false),
    components: few(fc.record({ tag: uint(8), pts_time: ptsTime })),
  }),
)

const spliceInsert = fc.oneof(
  join(
    fc.record({ name: fc.constant("splice_insert" as const), splice_event_id: uint(32) }),
    fc.constant({ splice_event_cancel_indicator: true as const }),
    odd("splice_event", 7),
  ),
  join(
    fc.record({
      name: fc.constant("splice_insert" as const),
      splice_event_id: uint(32),
      splice_event_cancel_indicator: fc.constant(false as const),
      out_of_network_indicator: fc.boolean(),
      event_id_compliance_flag: fc.boolean(),
    }),
    join(insertTime, breakFields, availNumbers),
    odd("flags", 3),
  ),
)

const utc = fc.record({ utc_splice_time: uint(32) })
const scheduledEvent = fc.oneof(
  fc.record({
    splice_event_id: uint(32),
    event_id_compliance_flag: fc.boolean(),
    splice_event_cancel_indicator: fc.constant(true as const),
  }),
  join(
    fc.record({
      splice_event_id: uint(32),
      event_id_compliance_flag: fc.boolean(),
      splice_event_cancel_indicator: fc.constant(false as const),
      out_of_network_indicator: fc.boolean(),
    }),
    fc.oneof(
      utc.map((time) => ({ program_splice_flag: true, ...time })),
      few(fc.record({ tag: uint(8), utc_splice_time: uint(32) })).map((components) => ({
        program_splice_flag: false,
        components,
      })),
    ),
    join(breakFields, availNumbers, odd("splice_event", 6)),
  ),
)

const command: fc.Arbitrary<CommandFields> = fc.oneof(
  fc.constant({ name: "splice_null" as const }),
  fc.constant({ name: "bandwidth_reservation" as const }),
  fc.record({ name: fc.constant("splice_schedule" as const), events: few(scheduledEvent) }),
  spliceInsert,
  fc.record({ name: fc.constant("time_signal" as const), pts_time: ptsTime }),
  fc.record({ name: fc.constant("private_command" as const), identifier: uint(32), private_bytes: hex(40) }),
  fc.record({
    name: fc.constant("unknown_command" as const),
    splice_command_type: uint(8).filter((type) => !KNOWN_COMMANDS.has(type)),
    command_bytes: hex(40),
  }),
)

const mid = few(fc.tuple(uint(8), fc.uint8Array({ maxLength: 20 }))).map((upids) =>
  upids.map(([type, bytes]) => toHex(Uint8Array.of(type, bytes.length, ...bytes))).join(""),
)
const upid = fc.oneof(
  fc.record({ segmentation_upid_type: uint(8), segmentation_upid_hex: hex(40) }),
  fc.record({ segmentation_upid_type: fc.constantFrom(0x09, 0x0b, 0x0c, 0x0e, 0x0f), segmentation_upid_hex: hex(60) }),
  fc.record({ segmentation_upid_type: fc.constant(0x0d), segmentation_upid_hex: mid }),
)
const restrictions = fc.oneof(
  fc.constant({ delivery_not_restricted_flag: true }),
  fc.record({
    delivery_not_restricted_flag: fc.constant(false),
    web_delivery_allowed_flag: fc.boolean(),
    no_regional_blackout_flag: fc.boolean(),
    archive_allowed_flag: fc.boolean(),
    device_restrictions: uint(2),
  }),
)
const segmentationEvent = fc.record({
  name: fc.constant("segmentation_descriptor" as const),
  tag: fc.constant(2 as const),
  segmentation_event_id: uint(32),
  segmentation_event_id_compliance_indicator: fc.boolean(),
})
const segmentation = fc.oneof(
  join(
    segmentationEvent,
    fc.constant({ segmentation_event_cancel_indicator: true as const }),
    odd("segmentation_event", 6),
  ),
  join(
    segmentationEvent,
    join(
      fc.record({
        segmentation_event_cancel_indicator: fc.constant(false as const),
        segmentation_duration: fc.option(uint(40), { nil: null }),
        segmentation_type_id: uint(8),
        segment_num: uint(8),
        segments_expected: uint(8),
      }),
      upid,
      restrictions,
    ),
    join(
      fc.oneof(
        fc.constant({ program_segmentation_flag: true }),
        few(fc.record({ tag: uint(8), pts_offset: uint(33) })).map((components) => ({
          program_segmentation_flag: false,
          components,
        })),
      ),
      fc.oneof(
        fc.constant({ sub_segment_num: null, sub_segments_expected: null }),
        fc.record({ sub_segment_num: uint(8), sub_segments_expected: uint(8) }),
      ),
      fc.constant({}),
    ),
  ),
)

const chars = (shortest: number, longest: number) =>
  fc.array(fc.nat(255), { minLength: shortest, maxLength: longest }).map((codes) => String.fromCharCode(...codes))

const descriptor: fc.Arbitrary<DescriptorFields> = fc.oneof(
  fc.record({
    name: fc.constant("avail_descriptor" as const),
    tag: fc.constant(0 as const),
    provider_avail_id: uint(32),
  }),
  fc.record({
    name: fc.constant("DTMF_descriptor" as const),
    tag: fc.constant(1 as const),
    preroll: uint(8),
    dtmf_chars: chars(0, 7),
  }),
  segmentation,
  fc.record({
    name: fc.constant("time_descriptor" as const),
    tag: fc.constant(3 as const),
    tai_seconds: uint(48),
    tai_ns: uint(32),
    utc_offset: uint(16),
  }),
  fc.record({
    name: fc.constant("audio_descriptor" as const),
    tag: fc.constant(4 as const),
    audio_channels: few(
      fc.record({
        component_tag: uint(8),
        iso_code: chars(3, 3),
        bit_stream_mode: uint(3),
        num_channels: uint(4),
        full_srvc_audio: fc.boolean(),
      }),
    ),
  }),
  fc.record({
    name: fc.constant("private_descriptor" as const),
    tag: uint(8),
    identifier: uint(32)
      .filter((identifier) => identifier !== CUEI_IDENTIFIER)
      .map(hex32),
    private: fc.constant(true as const),
    private_bytes: hex(40),
  }),
  fc.record({
    name: fc.constant("unknown_descriptor" as const),
    tag: fc.integer({ min: 5, max: 255 }),
    identifier: fc.constant(hex32(CUEI_IDENTIFIER)),
    private_bytes: hex(40),
  }),
)

const header = fc.record({
  sap_type: uint(2),
  encryption_algorithm: uint(6),
  pts_adjustment: uint(33),
  cw_index: uint(8),
  tier: uint(12),
})

/** Sections that are sound: decoding them gives the same fields and no errors. */
export const arbitrarySection: fc.Arbitrary<SpliceInfoSectionFields> = fc.oneof(
  {
    weight: 12,
    arbitrary: join(
      header,
      fc.record({ command, descriptors: fc.array(descriptor, { maxLength: 4 }) }),
      fc.option(
        fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => ({ alignment_stuffing_hex: toHex(bytes) })),
        { nil: {}, freq: 5 },
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: join(
      header,
      fc.record({
        splice_command_length: uint(12),
        encrypted_bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }).map(toHex),
      }),
      fc.constant({ encrypted_packet: true, command: null }),
    ),
  },
)
