// Package plugins takes the place of Prometheus's own file of that name: of all the ways to find
// targets, a cluster on one machine needs only these, and the others are most of the work.
package plugins

import (
	_ "github.com/prometheus/prometheus/discovery/dns"        // Service names
	_ "github.com/prometheus/prometheus/discovery/kubernetes" // what the API server lists
)
