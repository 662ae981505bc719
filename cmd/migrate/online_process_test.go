package main

import (
	"fmt"
	"os"

	"migrate/internal/onlinetest"
)

// The variables by which a test makes its own binary be the program, on a
// network of the test.
const (
	childAddr = "ONLINETEST_ADDR"
	childCA   = "ONLINETEST_CA"
)

// childMain is main with another network.
func childMain() int {
	transport, err := onlinetest.TransportTo(os.Getenv(childAddr), []byte(os.Getenv(childCA)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return run(&app{transport: transport})
}
