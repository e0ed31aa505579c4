terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

module "kong_resilience" {
  source = "../.."

  control_plane                  = "cp.example.com:8005"
  gateway_versions               = ["3.9.1"]
  cluster                        = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
  subnets                        = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
  image                          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0"
  cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
  gateway_image                  = "kong:3.9.1"
  alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
}

# The control plane, whose security group this is, admits the exporter.
resource "aws_vpc_security_group_ingress_rule" "cluster_port" {
  security_group_id            = "sg-0c0ffee0"
  referenced_security_group_id = module.kong_resilience.exporter_security_groups[0]
  ip_protocol                  = "tcp"
  from_port                    = 8005
  to_port                      = 8005
}

resource "aws_ecs_task_definition" "gateway" {
  family                   = "kong-gateway"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  task_role_arn            = module.kong_resilience.importer_role_arn
  execution_role_arn       = module.kong_resilience.gateway_execution_role_arn

  # What imports, and the gateway. What is yours, such as further ports, is merged into the second.
  container_definitions = jsonencode([
    module.kong_resilience.gateway_container_definitions[0],
    merge(module.kong_resilience.gateway_container_definitions[1], {
      portMappings = [{ containerPort = 8000 }, { containerPort = 8443 }, { containerPort = 8100 }]
    }),
  ])

  volume {
    name = module.kong_resilience.gateway_volume.name
  }
}

resource "aws_ecs_service" "gateway" {
  name            = "kong-gateway"
  cluster         = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
  task_definition = aws_ecs_task_definition.gateway.arn
  launch_type     = "FARGATE"
  desired_count   = 2

  # The control plane, S3, the registry, Secrets Manager and CloudWatch must be reached from here.
  network_configuration {
    subnets         = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    security_groups = ["sg-0a7e3a7e"]
  }
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
