resource "aws_instance" "bastion" {
  ami           = "ami-00000000000000000"
  instance_type = "t2.xlarge"
}
