export { defineConfig, defineRule, env, secretFile } from '@cws/core'
export { type HostOptions, host } from './host.ts'
