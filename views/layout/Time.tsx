/** @jsxImportSource hono/jsx */
import { formatTime } from "../format.ts"

/** A time in UTC, to the second. */
export const Time = ({ at }: { readonly at: string }) => <time datetime={at}>{formatTime(at).slice(0, 19)} UTC</time>
