//go:build race

package main

// slowdown is about what the race detector costs.
const slowdown = 10
