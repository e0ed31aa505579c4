// A stand-in for Terraform providers, for tests: it has their schemas and makes nothing. README.md says what that proves.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

// The folder with one schema file per provider: aws.json, google.json.
const schemasVariable = "TERRAFORM_STAND_IN_SCHEMAS"

func main() {
	go endWithTerraform()
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// endWithTerraform ends the program when a Terraform that was killed cannot.
func endWithTerraform() {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}

// serve is the provider that the program's own file name says: terraform-provider-aws_v6.25.0.
func serve() error {
	name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-"), "_")
	folder := os.Getenv(schemasVariable)
	if folder == "" {
		return fmt.Errorf("%s is not set: it names the folder with the schema of %s", schemasVariable, name)
	}
	schema, err := readSchema(filepath.Join(folder, name+".json"))
	if err != nil {
		return err
	}
	values, err := readValues(name)
	if err != nil {
		return err
	}
	return tf5server.Serve(name, func() tfprotov5.ProviderServer { return newProvider(schema, values) })
}
