module sluice.dev/stand-ins/prometheus

go 1.24.0

require github.com/prometheus/prometheus v0.305.0 // v3.5.0
