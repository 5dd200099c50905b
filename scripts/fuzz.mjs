// `npm run fuzz -- --minutes 10` sets the machine up, then gives damaged bytes to every place they can come to from
// outside. See load-tests/README.md.
import { runLoadTest } from "./run-load-test.mjs"

await runLoadTest("fuzz/main.ts")
