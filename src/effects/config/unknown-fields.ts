/**
 * Fields of a value that its schema does not know, found without describing the rest of what may be wrong. Effect's
 * Schema makes an issue with the whole schema written out for each of them, which takes a second for a body full of
 * keys; here the search ends at a limit.
 */
import { type Schema, SchemaAST } from "effect"

/** The shapes a value may have by its schema: members of unions, without what narrows or changes them. */
const shapesOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap(shapesOf)
  if (SchemaAST.isRefinement(ast)) return shapesOf(ast.from)
  if (SchemaAST.isTransformation(ast)) return shapesOf(ast.from)
  return [ast]
}

const takesAnyObject = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isAnyKeyword(ast) ||
  SchemaAST.isUnknownKeyword(ast) ||
  SchemaAST.isObjectKeyword(ast) ||
  SchemaAST.isDeclaration(ast)

interface Shape {
  /** Fields of any object the value may be; null when it may have any field, or be no object. */
  readonly fields: ReadonlyMap<string, Shape> | null
  /** What the items of any list may be. */
  readonly items: Shape | null
}

const known = new WeakMap<SchemaAST.AST, Shape>()

const merged = (asts: ReadonlyArray<SchemaAST.AST>): Shape => {
  const shapes = asts.flatMap(shapesOf)
  const objects = shapes.filter(SchemaAST.isTypeLiteral)
  const isOpen =
    objects.length === 0 ||
    objects.some(({ indexSignatures }) => indexSignatures.length > 0) ||
    shapes.some(takesAnyObject)
  const types = new Map<string, SchemaAST.AST[]>()
  for (const { propertySignatures } of objects)
    for (const { name, type } of propertySignatures) types.set(String(name), [...(types.get(String(name)) ?? []), type])
  const items = shapes
    .filter(SchemaAST.isTupleType)
    .flatMap(({ elements, rest }) => [...elements, ...rest].map(({ type }) => type))
  return {
    fields: isOpen ? null : new Map([...types].map(([name, each]) => [name, merged(each)])),
    items: items.length === 0 ? null : merged(items),
  }
}

const shapeOf = (ast: SchemaAST.AST): Shape => {
  const before = known.get(ast)
  if (before !== undefined) return before
  const shape = merged([ast])
  known.set(ast, shape)
  return shape
}

/** Paths like `outputs[0].colour`, at most `limit` of them. */
export const unknownFields = <A, I>(
  schema: Schema.Schema<A, I>,
  value: unknown,
  limit: number,
): ReadonlyArray<string> => {
  const found: string[] = []
  const search = (inner: unknown, shape: Shape, path: string): void => {
    if (typeof inner !== "object" || inner === null) return
    if (Array.isArray(inner)) {
      const { items } = shape
      if (items === null) return
      for (let index = 0; index < inner.length && found.length < limit; index++)
        search(inner[index], items, `${path}[${index}]`)
      return
    }
    if (shape.fields === null) return
    for (const [name, field] of Object.entries(inner)) {
      if (found.length >= limit) return
      const at = path === "" ? name : `${path}.${name}`
      const of = shape.fields.get(name)
      if (of === undefined) found.push(at)
      else search(field, of, at)
    }
  }
  search(value, shapeOf(schema.ast), "")
  return found
}
