/** Content of a form beyond its labels. */
export interface FormState {
  /** Values by field name, as typed; secrets are left out. */
  readonly values: Readonly<Record<string, string>>
  /** Errors by field name. */
  readonly errors: Readonly<Record<string, string>>
  /** Errors that belong to no field. */
  readonly alerts: ReadonlyArray<string>
  /** Field that gets the focus: the first wrong one. */
  readonly focus: string
}

export interface Choice {
  readonly value: string
  readonly text: string
  /** Heading over this choice and its neighbours with the same one. */
  readonly group?: string
}

/** Description of a field, for the many settings. */
export interface FieldSpec {
  /** Name of the field, which is also the path of its errors. */
  readonly name: string
  readonly label: string
  readonly kind: "text" | "number" | "secret" | "choice" | "checks" | "list"
  readonly hint?: string
  /**
   * Options of a `choice`, the first being the default, or of `checks`, where each is a field of its own: `name.value`.
   */
  readonly choices?: ReadonlyArray<Choice>
  /** Text shown in the empty field. */
  readonly placeholder?: string
}
