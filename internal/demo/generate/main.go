// Generate writes the demonstration and the test vectors into the folder that
// it is given, which is testdata:
//
//	go run ./internal/demo/generate testdata
package main

import (
	"fmt"
	"os"

	"migrate/internal/demo"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	if err := demo.Write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
