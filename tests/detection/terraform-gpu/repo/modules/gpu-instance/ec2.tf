resource "aws_instance" "gpu_instance" {
  ami                  = "ami-00000000000000000"
  instance_type        = "g5.xlarge"
  subnet_id            = var.subnet_id
  iam_instance_profile = aws_iam_instance_profile.profile_gpu_instance.name
  user_data            = file("${path.module}/script.sh")

  root_block_device {
    volume_size = 120
    volume_type = "gp3"
  }
  tags = {
    Name = "gpu-instance"
  }
}
