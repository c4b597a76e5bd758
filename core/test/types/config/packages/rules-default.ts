import type { RulePack } from '@cws/core'

export default { name: 'defaults', rules: [] } satisfies RulePack
