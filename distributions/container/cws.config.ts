// What the image runs when no other configuration is mounted at /etc/cws.
import { defineConfig, host } from '@cws/agent'

export default defineConfig({
  // What is in here besides are the image's own files: to watch the host's, mount them and name them in `files`.
  plugins: [host({ files: false })],
  // The health check asks here. Whoever mounts a configuration keeps this line.
  monitoring: {},
})
