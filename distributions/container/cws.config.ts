// What the image runs when no other configuration is mounted at /etc/cws.
import { defineConfig, host } from '@cws/agent'

export default defineConfig({
  plugins: [host()],
  // The health check asks here. Whoever mounts a configuration keeps this line.
  monitoring: {},
})
