/** AMF0 values (Adobe Action Message Format AMF 0, December 2007). */

/** Named values in their order; a name may come twice. */
export type AmfProperties = ReadonlyArray<readonly [name: string, value: AmfValue]>

/** 2.5 anonymous object. */
export interface AmfObject {
  readonly kind: "object"
  readonly properties: AmfProperties
}

/** 2.10 associative array; the count before it is only a hint and is not kept. */
export interface AmfEcmaArray {
  readonly kind: "ecmaArray"
  readonly properties: AmfProperties
}

/** 2.12 array of ordinal indices. */
export interface AmfStrictArray {
  readonly kind: "strictArray"
  readonly values: ReadonlyArray<AmfValue>
}

/** 2.13 date; the time zone is reserved and should be 0. */
export interface AmfDate {
  readonly kind: "date"
  /** Since 1970-01-01 UTC. */
  readonly milliseconds: number
  /** Signed, 16 bits. */
  readonly timeZone: number
}

/** 2.17 XML document. */
export interface AmfXml {
  readonly kind: "xml"
  readonly text: string
}

/** 2.18 object with a class name. */
export interface AmfTypedObject {
  readonly kind: "typedObject"
  readonly className: string
  readonly properties: AmfProperties
}

export type AmfComposite = AmfObject | AmfEcmaArray | AmfStrictArray | AmfDate | AmfXml | AmfTypedObject

/** A string is written as long string (2.14) when it has more than 65535 bytes. */
export type AmfValue = number | boolean | string | null | undefined | AmfComposite

/** Markers (2.1). Reference, movie clip, record set, unsupported and AVM+ are refused. */
export const AMF0_MARKER = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  xml: 0x0f,
  typedObject: 0x10,
} as const

/** Values may lie this deep inside each other. */
export const AMF0_MAX_DEPTH = 16

const entries = (record: Readonly<Record<string, AmfValue>>): AmfProperties => Object.entries(record)

export const amfObject = (record: Readonly<Record<string, AmfValue>>): AmfObject => ({
  kind: "object",
  properties: entries(record),
})

export const amfEcmaArray = (record: Readonly<Record<string, AmfValue>>): AmfEcmaArray => ({
  kind: "ecmaArray",
  properties: entries(record),
})

/** The last property of that name; undefined where there is none or the value has no properties. */
export const amfProperty = (value: AmfValue, name: string): AmfValue => {
  if (typeof value !== "object" || value === null || !("properties" in value)) return undefined
  return value.properties.findLast(([key]) => key === name)?.[1]
}

/** `amfProperty` where it is a string; "" otherwise. */
export const amfText = (value: AmfValue, name: string): string => {
  const found = amfProperty(value, name)
  return typeof found === "string" ? found : ""
}
